// Lines by libgpiod 1.6.
#include "lines.h"

#if GENERATION == 1

// One direction a request, and a write sets all lines of one: three requests, so that the data
// line, read alone for every bit of a frame, does not bring the comparators along.
struct group {
  struct gpiod_line_bulk bulk;
  uint64_t mask;
  int values[MOST];
};
enum { FIRST_INPUT, INPUTS, OUTPUTS, GROUPS };
struct request {
  struct gpiod_chip *chip;
  // Where each line is in its group.
  uint8_t places[MOST];
  struct group groups[GROUPS];
};

const char *cgpiod_version(void) { return gpiod_version_string(); }

static int tell_chip(void *context, uint32_t number, cgpiod_chip *chip) {
  (void)context;
  snprintf(chip->path, sizeof chip->path, "/dev/gpiochip%u", number);
  struct gpiod_chip *opened = gpiod_chip_open(chip->path);
  if (!opened) return failure();
  copy(chip->label, sizeof chip->label, gpiod_chip_label(opened));
  chip->lines = gpiod_chip_num_lines(opened);
  gpiod_chip_close(opened);
  return 0;
}

static int tell_line(void *context, const char *path, uint32_t offset, cgpiod_line *line) {
  (void)context;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return failure();
  struct gpiod_line *found = gpiod_chip_get_line(chip, offset);
  int result = found ? 0 : failure();
  if (found) {
    copy(line->name, sizeof line->name, gpiod_line_name(found));
    copy(line->consumer, sizeof line->consumer, gpiod_line_consumer(found));
    line->used = gpiod_line_is_used(found);
    line->output = gpiod_line_direction(found) == GPIOD_LINE_DIRECTION_OUTPUT;
  }
  gpiod_chip_close(chip);
  return result;
}

static void close_lines(void *context, void *given) {
  (void)context;
  struct request *request = given;
  for (int index = 0; index < GROUPS; index++) {
    // Where opening failed, the groups after that are still empty.
    struct gpiod_line_bulk *bulk = &request->groups[index].bulk;
    if (gpiod_line_bulk_num_lines(bulk) && gpiod_line_is_requested(bulk->lines[0]))
      gpiod_line_release_bulk(bulk);
  }
  gpiod_chip_close(request->chip);
  free(request);
}

static int open_lines(void *context, const char *path, const char *consumer,
                      const uint32_t *offsets, uint32_t count, uint64_t outputs, uint64_t levels,
                      bool as_is, void **result) {
  if (count < 1 || count > MOST) return -EINVAL;
  struct request *request = calloc(1, sizeof *request);
  if (!request) return -ENOMEM;
  request->chip = gpiod_chip_open(path);
  if (!request->chip) {
    int error = failure();
    free(request);
    return error;
  }
  uint64_t all = own(offsets, count);
  uint64_t inputs = all & ~outputs;
  request->groups[OUTPUTS].mask = all & outputs;
  // Without the data line the comparators are all that is read, together.
  request->groups[FIRST_INPUT].mask = all & 1 ? inputs & -inputs : 0;
  request->groups[INPUTS].mask = inputs & ~request->groups[FIRST_INPUT].mask;
  for (int index = 0; index < GROUPS; index++) {
    struct group *group = &request->groups[index];
    gpiod_line_bulk_init(&group->bulk);
    for (uint32_t line = 0; line < count; line++) {
      if (!(group->mask >> line & 1)) continue;
      struct gpiod_line *found = gpiod_chip_get_line(request->chip, offsets[line]);
      if (!found) {
        int error = failure();
        close_lines(context, request);
        return error;
      }
      request->places[line] = (uint8_t)gpiod_line_bulk_num_lines(&group->bulk);
      group->values[request->places[line]] = levels >> line & 1;
      gpiod_line_bulk_add(&group->bulk, found);
    }
    if (!group->mask) continue;
    struct gpiod_line_request_config config = {
        .consumer = consumer,
        .request_type = as_is              ? GPIOD_LINE_REQUEST_DIRECTION_AS_IS
                        : index == OUTPUTS ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT
                                           : GPIOD_LINE_REQUEST_DIRECTION_INPUT,
    };
    if (gpiod_line_request_bulk(&group->bulk, &config, group->values) < 0) {
      int error = failure();
      close_lines(context, request);
      return error;
    }
  }
  *result = request;
  return 0;
}

static int write_lines(void *context, void *given, uint64_t levels, uint64_t mask) {
  (void)context;
  struct request *request = given;
  struct group *group = &request->groups[OUTPUTS];
  mask &= group->mask;
  if (!mask) return 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    int line = __builtin_ctzll(rest);
    group->values[request->places[line]] = levels >> line & 1;
  }
  return gpiod_line_set_value_bulk(&group->bulk, group->values) < 0 ? failure() : 0;
}

static cgpiod_reading read_lines(void *context, void *given, uint64_t mask) {
  (void)context;
  struct request *request = given;
  // A bit of a frame.
  struct group *first = &request->groups[FIRST_INPUT];
  if (mask == first->mask) {
    int value = 0;
    if (mask && gpiod_line_get_value_bulk(&first->bulk, &value) < 0) return unread();
    return (cgpiod_reading){.levels = value ? mask : 0};
  }
  uint64_t read = 0;
  uint64_t left = mask;
  for (int index = 0; left && index < GROUPS; index++) {
    struct group *group = &request->groups[index];
    if (!(group->mask & left)) continue;
    int values[MOST];
    if (gpiod_line_get_value_bulk(&group->bulk, values) < 0) return unread();
    for (uint64_t rest = group->mask & left; rest; rest &= rest - 1)
      if (values[request->places[__builtin_ctzll(rest)]]) read |= rest & -rest;
    left &= ~group->mask;
  }
  return (cgpiod_reading){.levels = read};
}

int cgpiod_measure(void *given, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set) {
  struct request *request = given;
  struct group *outputs = &request->groups[OUTPUTS];
  struct group *inputs = &request->groups[FIRST_INPUT];
  if (output >= MOST || !(outputs->mask >> output & 1)) return -EINVAL;
  if (input >= MOST || !(inputs->mask >> input & 1)) return -EINVAL;
  int *driven = &outputs->values[request->places[output]];
  int64_t start = cgpiod_now();
  for (uint32_t turn = 0; turn < count; turn++) {
    if (next_turn(turn)) return -ECANCELED;
    *driven = ~turn & 1;
    if (gpiod_line_set_value_bulk(&outputs->bulk, outputs->values) < 0) return left();
  }
  if (count) cgpiod_leave();
  int64_t middle = cgpiod_now();
  for (uint32_t turn = 0; turn < count; turn++) {
    int value;
    if (gpiod_line_get_value_bulk(&inputs->bulk, &value) < 0) return failure();
  }
  int64_t end = cgpiod_now();
  *driven = 0;
  if (cgpiod_enter()) return -ECANCELED;
  if (gpiod_line_set_value_bulk(&outputs->bulk, outputs->values) < 0) return left();
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
