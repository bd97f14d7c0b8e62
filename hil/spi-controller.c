// SPDX-License-Identifier: MIT OR GPL-2.0
// The simulated computer's SPI controller: three lines of a GPIO chip, held once they are asked for.
//
//   echo virtio0,11,10,9 >/sys/module/spi_controller/parameters/lines     chip, SCLK, MOSI, MISO
//
// and there is /dev/spidev0.0, mode 0. The kernel's own spi-gpio would not do: it reads MISO after the
// rising edge, when a shift register has its next bit out. A controller in silicon takes the level
// that it finds at the edge, as this one does.

#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>
#include <linux/spi/spi_bitbang.h>

enum { SCLK, MOSI, MISO, LINES };
static struct gpio_desc *lines[LINES];

static u32 exchange(struct spi_device *spi, unsigned int nsecs, u32 word, u8 bits,
		    unsigned int flags)
{
	u32 received = 0;

	while (bits--) {
		gpiod_set_value_cansleep(lines[MOSI], word >> bits & 1);
		received = received << 1 | (gpiod_get_value_cansleep(lines[MISO]) == 1);
		gpiod_set_value_cansleep(lines[SCLK], 1);
		gpiod_set_value_cansleep(lines[SCLK], 0);
	}
	return received;
}

static int has_label(struct gpio_chip *chip, void *label)
{
	return !strcmp(chip->label, label);
}

static int hold(char *label, const unsigned int *offsets)
{
	static const char *const names[] = {"spi0 SCLK", "spi0 MOSI", "spi0 MISO"};
	struct gpio_chip *chip = gpiochip_find(label, has_label);

	if (!chip)
		return -ENODEV;
	for (int line = 0; line < LINES; line++) {
		struct gpio_desc *held = gpiochip_request_own_desc(
			chip, offsets[line], names[line], GPIO_ACTIVE_HIGH,
			line == MISO ? GPIOD_IN : GPIOD_OUT_LOW);

		if (IS_ERR(held)) {
			while (line--)
				gpiochip_free_own_desc(lines[line]);
			return PTR_ERR(held);
		}
		lines[line] = held;
	}
	return 0;
}

static int start(const char *value, const struct kernel_param *parameter)
{
	static bool started;
	// Any name that spidev serves; none of them is ours.
	struct spi_board_info board = {.modalias = "dh2228fv", .max_speed_hz = 1000000};
	char label[32];
	unsigned int offsets[LINES];
	struct platform_device *device;
	struct spi_master *master;
	struct spi_bitbang *bitbang;
	int result;

	if (sscanf(value, "%31[^,],%u,%u,%u", label, &offsets[SCLK], &offsets[MOSI],
		   &offsets[MISO]) != 4)
		return -EINVAL;
	if (started)
		return -EBUSY;
	result = hold(label, offsets);
	if (result)
		return result;
	// From here on only memory could be missing, and then the machine may as well stop.
	started = true;
	device = platform_device_register_simple("spi_controller", 0, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	master = spi_alloc_master(&device->dev, sizeof(*bitbang));
	if (!master)
		return -ENOMEM;
	master->bus_num = 0;
	master->num_chipselect = 1;
	master->use_gpio_descriptors = true;
	bitbang = spi_master_get_devdata(master);
	bitbang->master = master;
	bitbang->flags = SPI_NO_CS;
	bitbang->txrx_word[SPI_MODE_0] = exchange;
	result = spi_bitbang_start(bitbang);
	if (result)
		return result;
	return spi_new_device(master, &board) ? 0 : -ENODEV;
}

static const struct kernel_param_ops operations = {.set = start};
module_param_cb(lines, &operations, NULL, 0200);
MODULE_LICENSE("Dual MIT/GPL");
