/* Zephyr: a UART of the devicetree, its cycle counter, the main thread's stack. */
#include "mtvm_port.h"

#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#ifdef CONFIG_TIMING_FUNCTIONS
#include <zephyr/timing/timing.h>
#endif
#ifdef CONFIG_ARCH_POSIX
#include <native_rtc.h>
#include <stdio.h>
#endif

#include "mtvm_config.h"
#if MTVM_MODEL_COUNT == 0
#include <zephyr/sys/reboot.h>
#if __has_include(<zephyr/version.h>)
#include <zephyr/version.h>
#else
#include <version.h>
#endif
#endif

/* An overlay chooses another UART with chosen { mtvm,uart = &...; }. */
#if DT_HAS_CHOSEN(mtvm_uart)
#define UART_NODE DT_CHOSEN(mtvm_uart)
#elif DT_HAS_CHOSEN(zephyr_shell_uart)
#define UART_NODE DT_CHOSEN(zephyr_shell_uart)
#elif DT_HAS_CHOSEN(zephyr_console)
#define UART_NODE DT_CHOSEN(zephyr_console)
#else
#error "The devicetree chooses no UART: neither mtvm,uart nor zephyr,shell-uart nor zephyr,console."
#endif

static const struct device *const uart = DEVICE_DT_GET(UART_NODE);

#ifdef CONFIG_UART_INTERRUPT_DRIVEN

#ifdef MTVM_RING_BYTES
#define RING_BYTES MTVM_RING_BYTES
#else
#define RING_BYTES 64 /* `c` reads as fast as a UART sends */
#endif

/* Received bytes: the interrupt puts them in, so that none is lost while a model runs. When the
 * ring is full the interrupt stays off until there is room: an emulated line waits then, a real one
 * loses bytes, which the frames' CRC tells. */
static uint8_t ring[RING_BYTES];
static volatile uint32_t head; /* written by the interrupt only */
static volatile uint32_t tail; /* read from here, by the main thread only */
static volatile bool paused;
static K_SEM_DEFINE(received, 0, 1);

static uint32_t after(uint32_t index) { return index + 1 == sizeof ring ? 0 : index + 1; }

static void receive(const struct device *device, void *unused) {
  ARG_UNUSED(unused);
  while (uart_irq_update(device) > 0 && uart_irq_rx_ready(device) > 0) {
    uint32_t next = after(head);
    if (next == tail) {
      paused = true;
      uart_irq_rx_disable(device);
      break;
    }
    if (uart_fifo_read(device, &ring[head], 1) != 1) {
      break;
    }
    head = next;
  }
  k_sem_give(&received);
}

/* A byte that is there already interrupts no more on some UARTs (Arm's CMSDK): it is taken here. */
static void receive_on(void) {
  unsigned int key = irq_lock();
  uart_irq_rx_enable(uart);
  receive(uart, NULL);
  irq_unlock(key);
}

static void receive_off(void) { uart_irq_rx_disable(uart); }

static void receive_init(void) {
  receive_off();
  uart_irq_callback_user_data_set(uart, receive, NULL);
  receive_on();
}

int mtvm_port_getc(void) {
  while (head == tail) {
    (void)k_sem_take(&received, K_FOREVER);
  }
  int byte = ring[tail];
  tail = after(tail);
  if (paused) {
    paused = false;
    receive_on();
  }
  return byte;
}

#else /* a UART without interrupts: that of native_posix */

static void receive_init(void) {}

#ifdef MTVM_HAS_BAUD
static void receive_on(void) {}

static void receive_off(void) {}
#endif

int mtvm_port_getc(void) {
  unsigned char byte;
  while (uart_poll_in(uart, &byte) != 0) {
    k_sleep(K_TICKS(1));
  }
  return byte;
}

#endif

void mtvm_port_putc(char byte) { uart_poll_out(uart, (unsigned char)byte); }

#ifdef MTVM_HAS_BAUD
const uint32_t mtvm_port_boot_baud = DT_PROP_OR(UART_NODE, current_speed, 115200);

#define UNSENT_BITS 40U /* poll_out leaves at most a few bytes in the UART */

int mtvm_port_set_baud(uint32_t baud) {
  struct uart_config config;
  if (uart_config_get(uart, &config) != 0 || config.baudrate == 0) {
    return -1;
  }
  k_busy_wait(UNSENT_BITS * 1000000U / config.baudrate + 1U);
  config.baudrate = baud;
  receive_off();
  int status = uart_configure(uart, &config); /* a rate that it can't be leaves it as it was */
  receive_on();
  return status == 0 ? 0 : -1;
}
#endif

#if defined(CONFIG_ARCH_POSIX)

/* Simulated time stands still while code runs; the computer's own does not. */
uint64_t mtvm_port_clock(void) { return native_rtc_gettime_us(RTC_CLOCK_PSEUDOHOSTREALTIME); }

uint32_t mtvm_port_clock_hz(void) { return 1000000U; }

uint32_t mtvm_port_ticks(void) { return (uint32_t)mtvm_port_clock(); }

static void clock_init(void) {}

#else

#ifdef CONFIG_TIMING_FUNCTIONS
static timing_t first;

static void clock_init(void) {
  timing_init();
  timing_start();
  first = timing_counter_get();
}

uint32_t mtvm_port_ticks(void) {
  timing_t now = timing_counter_get();
  return (uint32_t)timing_cycles_get(&first, &now);
}

uint32_t mtvm_port_clock_hz(void) { return (uint32_t)timing_freq_get(); }
#else
static void clock_init(void) {}

uint32_t mtvm_port_ticks(void) { return k_cycle_get_32(); }

uint32_t mtvm_port_clock_hz(void) { return (uint32_t)sys_clock_hw_cycles_per_sec(); }
#endif

/* Counts cycles exactly however often their 32 bits wrap between two calls: how often follows from
 * the kernel's uptime, which is coarse but wide. For the main thread only. */
uint64_t mtvm_port_clock(void) {
  static uint64_t total;
  static uint32_t last_cycles;
  static int64_t last_uptime;
  uint32_t cycles = mtvm_port_ticks();
  int64_t uptime = k_uptime_ticks();
  uint64_t roughly =
      (uint64_t)(uptime - last_uptime) * mtvm_port_clock_hz() / CONFIG_SYS_CLOCK_TICKS_PER_SEC;
  int32_t correction = (int32_t)(cycles - last_cycles - (uint32_t)roughly);
  total += roughly + (uint64_t)(int64_t)correction;
  last_cycles = cycles;
  last_uptime = uptime;
  return total;
}

#endif

void mtvm_port_init(void) {
#ifdef CONFIG_BOARD_NATIVE_POSIX
  (void)fflush(stdout); /* what the driver said of its UART, which somebody waits for */
#endif
  clock_init();
  receive_init();
}

uint32_t mtvm_port_stack_used(void) {
  size_t unused = 0;
  k_tid_t self = k_current_get();
  if (k_thread_stack_space_get(self, &unused) != 0) {
    return 0;
  }
  return (uint32_t)(self->stack_info.size - unused);
}

#if defined(CONFIG_MINIMAL_LIBC) && defined(CONFIG_MTVM_NEEDS_LIBM)
/* Newlib's libm tells of overflows here; nobody asks. */
int *__errno(void);
int *__errno(void) {
  static int number;
  return &number;
}
#endif

#if MTVM_MODEL_COUNT == 0 && defined(CONFIG_REBOOT) && defined(CONFIG_CPU_CORTEX_M)
#if KERNEL_VERSION_NUMBER < 0x030700
typedef z_arch_esf_t frame_t;
#else
typedef struct arch_esf frame_t;
#endif

static void put_hex(uint32_t value) {
  mtvm_port_putc(' ');
  for (int shift = 28; shift >= 0; shift -= 4) {
    mtvm_port_putc("0123456789abcdef"[value >> shift & 15U]);
  }
}

/* A kernel crashed: where, and from where it was called; then everything starts anew. */
void k_sys_fatal_error_handler(unsigned int reason, const frame_t *frame) {
  ARG_UNUSED(reason);
  for (const char *text = "\nfault"; *text != '\0'; ++text) {
    mtvm_port_putc(*text);
  }
  put_hex(frame != NULL ? frame->basic.pc : 0);
  put_hex(frame != NULL ? frame->basic.lr : 0);
  mtvm_port_putc('\n');
  sys_reboot(SYS_REBOOT_COLD);
}
#endif

void mtvm_port_halt(int status) {
  k_fatal_halt((unsigned int)status);
  CODE_UNREACHABLE;
}
