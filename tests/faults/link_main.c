/* link_device.c as a program whose standard streams are the line. */
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

extern uint8_t device_sent[];
extern uint32_t device_sent_count;
void device_boot(void);
void device_feed(const uint8_t *bytes, size_t count);

static int send_all(void) {
  uint32_t done = 0;
  while (done < device_sent_count) {
    ssize_t count = write(1, device_sent + done, device_sent_count - done);
    if (count <= 0) {
      return -1;
    }
    done += (uint32_t)count;
  }
  device_sent_count = 0;
  return 0;
}

int main(void) {
  uint8_t bytes[256];
  device_boot();
  while (send_all() == 0) {
    ssize_t count = read(0, bytes, sizeof bytes);
    if (count <= 0) {
      break;
    }
    device_feed(bytes, (size_t)count);
  }
  return 0;
}
