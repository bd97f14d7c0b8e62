// The serial bus: the kernel's spidev.
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

static int open_bus(void *context, const char *path, uint32_t speed, int *bus) {
  (void)context;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return failure();
  // Selects are lines of the board. Not every controller can keep its own still.
  uint32_t still = SPI_MODE_0 | SPI_NO_CS;
  uint32_t plain = SPI_MODE_0;
  uint8_t bits = 8;
  if ((ioctl(file, SPI_IOC_WR_MODE32, &still) < 0 && ioctl(file, SPI_IOC_WR_MODE32, &plain) < 0) ||
      ioctl(file, SPI_IOC_WR_BITS_PER_WORD, &bits) < 0 ||
      ioctl(file, SPI_IOC_WR_MAX_SPEED_HZ, &speed) < 0) {
    int error = failure();
    close(file);
    return error;
  }
  *bus = file;
  return 0;
}

static int exchange(void *context, int bus, uint32_t word, uint32_t bits, uint32_t *received) {
  (void)context;
  uint8_t bytes[4];
  uint32_t count = bits / 8;
  if (count < 1 || count > sizeof bytes || bits % 8) return -EINVAL;
  for (uint32_t index = 0; index < count; index++)
    bytes[index] = (uint8_t)(word >> 8 * (count - 1 - index));
  struct spi_ioc_transfer transfer = {
      .tx_buf = (uintptr_t)bytes, .rx_buf = (uintptr_t)bytes, .len = count};
  if (ioctl(bus, SPI_IOC_MESSAGE(1), &transfer) < 0) return failure();
  *received = 0;
  for (uint32_t index = 0; index < count; index++) *received = *received << 8 | bytes[index];
  return 0;
}

static void close_bus(void *context, int bus) {
  (void)context;
  close(bus);
}

void cgpiod_add_bus(cgpiod_calls *calls) {
  calls->open_bus = open_bus;
  calls->exchange = exchange;
  calls->close_bus = close_bus;
}
