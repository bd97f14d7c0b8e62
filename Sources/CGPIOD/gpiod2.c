// Lines by libgpiod 2.x.
#include "lines.h"

#if GENERATION == 2

struct request {
  struct gpiod_line_request *lines;
  uint64_t mask;
  unsigned int offsets[MOST];
};

const char *cgpiod_version(void) { return gpiod_api_version(); }

static int tell_chip(void *context, uint32_t number, cgpiod_chip *chip) {
  (void)context;
  snprintf(chip->path, sizeof chip->path, "/dev/gpiochip%u", number);
  struct gpiod_chip *opened = gpiod_chip_open(chip->path);
  if (!opened) return failure();
  struct gpiod_chip_info *info = gpiod_chip_get_info(opened);
  int result = info ? 0 : failure();
  if (info) {
    copy(chip->label, sizeof chip->label, gpiod_chip_info_get_label(info));
    chip->lines = (uint32_t)gpiod_chip_info_get_num_lines(info);
    gpiod_chip_info_free(info);
  }
  gpiod_chip_close(opened);
  return result;
}

static int tell_line(void *context, const char *path, uint32_t offset, cgpiod_line *line) {
  (void)context;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return failure();
  struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
  int result = info ? 0 : failure();
  if (info) {
    copy(line->name, sizeof line->name, gpiod_line_info_get_name(info));
    copy(line->consumer, sizeof line->consumer, gpiod_line_info_get_consumer(info));
    line->used = gpiod_line_info_is_used(info);
    line->output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
    gpiod_line_info_free(info);
  }
  gpiod_chip_close(chip);
  return result;
}

static void close_lines(void *context, void *given) {
  (void)context;
  struct request *request = given;
  if (request->lines) gpiod_line_request_release(request->lines);
  free(request);
}

static int add(struct gpiod_line_config *config, struct gpiod_line_settings *settings,
               const uint32_t *offsets, uint64_t mask) {
  unsigned int chosen[MOST];
  size_t count = 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1)
    chosen[count++] = offsets[__builtin_ctzll(rest)];
  return count ? gpiod_line_config_add_line_settings(config, chosen, count, settings) : 0;
}

static int open_lines(void *context, const char *path, const char *consumer,
                      const uint32_t *offsets, uint32_t count, uint64_t outputs, uint64_t levels,
                      bool as_is, void **result) {
  (void)context;
  if (count < 1 || count > MOST) return -EINVAL;
  struct request *request = calloc(1, sizeof *request);
  struct gpiod_chip *chip = gpiod_chip_open(path);
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *config = gpiod_line_config_new();
  struct gpiod_request_config *names = gpiod_request_config_new();
  int error = chip ? 0 : failure();
  if (!error && !(request && settings && config && names)) error = -ENOMEM;
  if (!error) {
    uint64_t all = own(offsets, count);
    memcpy(request->offsets, offsets, count * sizeof *offsets);
    request->mask = all;
    gpiod_request_config_set_consumer(names, consumer);
    if (as_is) {
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_AS_IS);
      if (add(config, settings, offsets, all) < 0) error = failure();
    } else {
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
      if (add(config, settings, offsets, all & ~outputs) < 0) error = failure();
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
      gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_INACTIVE);
      if (add(config, settings, offsets, all & outputs & ~levels) < 0) error = failure();
      gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_ACTIVE);
      if (add(config, settings, offsets, all & outputs & levels) < 0) error = failure();
    }
    if (!error) {
      request->lines = gpiod_chip_request_lines(chip, names, config);
      if (!request->lines) error = failure();
    }
  }
  if (names) gpiod_request_config_free(names);
  if (config) gpiod_line_config_free(config);
  if (settings) gpiod_line_settings_free(settings);
  if (chip) gpiod_chip_close(chip);
  if (error) {
    free(request);
    return error;
  }
  *result = request;
  return 0;
}

static int write_some(const struct request *request, uint64_t levels, uint64_t mask) {
  unsigned int offsets[MOST];
  enum gpiod_line_value values[MOST];
  size_t count = 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    int line = __builtin_ctzll(rest);
    offsets[count] = request->offsets[line];
    values[count++] = levels >> line & 1 ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
  }
  return gpiod_line_request_set_values_subset(request->lines, count, offsets, values) < 0
             ? failure()
             : 0;
}

static int write_lines(void *context, void *given, uint64_t levels, uint64_t mask) {
  (void)context;
  const struct request *request = given;
  mask &= request->mask;
  if (!mask) return 0;
  if (mask & (mask - 1)) return write_some(request, levels, mask);
  // Most writes are of one line.
  int line = __builtin_ctzll(mask);
  unsigned int offset = request->offsets[line];
  enum gpiod_line_value value =
      levels & mask ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
  return gpiod_line_request_set_values_subset(request->lines, 1, &offset, &value) < 0 ? failure()
                                                                                      : 0;
}

static cgpiod_reading read_lines(void *context, void *given, uint64_t mask) {
  (void)context;
  struct request *request = given;
  unsigned int offsets[MOST];
  enum gpiod_line_value values[MOST];
  size_t count = 0;
  mask &= request->mask;
  for (uint64_t rest = mask; rest; rest &= rest - 1)
    offsets[count++] = request->offsets[__builtin_ctzll(rest)];
  uint64_t read = 0;
  if (count) {
    if (gpiod_line_request_get_values_subset(request->lines, count, offsets, values) < 0)
      return unread();
    size_t place = 0;
    for (uint64_t rest = mask; rest; rest &= rest - 1)
      if (values[place++] == GPIOD_LINE_VALUE_ACTIVE) read |= rest & -rest;
  }
  return (cgpiod_reading){.levels = read};
}

int cgpiod_measure(void *given, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set) {
  struct request *request = given;
  if (output >= MOST || !(request->mask >> output & 1)) return -EINVAL;
  if (input >= MOST || !(request->mask >> input & 1)) return -EINVAL;
  unsigned int driven = request->offsets[output];
  int64_t start = cgpiod_now();
  for (uint32_t turn = 0; turn < count; turn++) {
    if (next_turn(turn)) return -ECANCELED;
    if (gpiod_line_request_set_value(
            request->lines, driven,
            turn & 1 ? GPIOD_LINE_VALUE_INACTIVE : GPIOD_LINE_VALUE_ACTIVE) < 0)
      return left();
  }
  if (count) cgpiod_leave();
  int64_t middle = cgpiod_now();
  for (uint32_t turn = 0; turn < count; turn++)
    if (gpiod_line_request_get_value(request->lines, request->offsets[input]) < 0)
      return failure();
  int64_t end = cgpiod_now();
  if (cgpiod_enter()) return -ECANCELED;
  if (gpiod_line_request_set_value(request->lines, driven, GPIOD_LINE_VALUE_INACTIVE) < 0)
    return left();
  cgpiod_leave();
  *set = (double)(middle - start) / count;
  *get = (double)(end - middle) / count;
  return 0;
}

void cgpiod_add_lines(cgpiod_calls *calls) {
  calls->chip = tell_chip;
  calls->line = tell_line;
  calls->open = open_lines;
  calls->write = write_lines;
  calls->read = read_lines;
  calls->close = close_lines;
}

#endif
