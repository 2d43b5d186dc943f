/* The clock that models are measured with: the finest counter that runs, found at run time. The
 * cycle counter where there is one (Cortex-M3 and up, no emulator), TIM2 where it has 32 bits, else
 * SysTick, which counts for the HAL anyway. */
#include "mtvm_port.h"
#include "mtvm_stm32.h"

typedef enum { COUNTER_SYSTICK, COUNTER_CYCLES, COUNTER_TIM2 } counter_t;

static counter_t counter;
static uint32_t high; /* of the clock: the counters have 32 bits */
static uint32_t last;

static uint32_t count(void) { return counter == COUNTER_CYCLES ? DWT->CYCCNT : TIM2->CNT; }

static int cycles_run(void) {
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
#if __CORTEX_M == 7U
  DWT->LAR = 0xC5ACCE55U; /* unlocks it (CoreSight architecture specification, B2.3.10) */
#endif
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
  uint32_t start = DWT->CYCCNT;
  __NOP();
  return DWT->CYCCNT != start;
}

static int tim2_runs(void) {
  __HAL_RCC_TIM2_CLK_ENABLE();
  TIM2->PSC = 0;
  TIM2->ARR = UINT32_MAX; /* reads as 16 bits where it has only those */
  TIM2->EGR = TIM_EGR_UG;
  TIM2->CR1 = TIM_CR1_CEN;
  uint32_t start = TIM2->CNT;
  for (int i = 0; TIM2->CNT == start && i < 100; ++i) {
    __NOP();
  }
  if (TIM2->ARR == UINT32_MAX && TIM2->CNT != start) {
    return 1;
  }
  TIM2->CR1 = 0;
  __HAL_RCC_TIM2_CLK_DISABLE();
  return 0;
}

const char *mtvm_stm32_timer_init(void) {
  counter_t found = cycles_run() ? COUNTER_CYCLES : tim2_runs() ? COUNTER_TIM2 : COUNTER_SYSTICK;
  counter = found;
  return found == COUNTER_CYCLES ? "DWT" : found == COUNTER_TIM2 ? "TIM2" : "SysTick";
}

static uint64_t widened(void) {
  uint32_t low = count();
  high += low < last;
  last = low;
  return (uint64_t)high << 32 | low;
}

/* The counters wrap after 10 s at the soonest; looked at each ms, no wrap is missed. */
void mtvm_stm32_timer_tick(void) {
  if (counter != COUNTER_SYSTICK) {
    (void)widened();
  }
}

static uint64_t systick(void) {
  uint32_t ticks = HAL_GetTick();
  uint32_t value = SysTick->VAL;
  if ((SCB->ICSR & SCB_ICSR_PENDSTSET_Msk) != 0) { /* it has wrapped, its interrupt has to wait */
    ++ticks;
    value = SysTick->VAL;
  }
  return (uint64_t)ticks * (SysTick->LOAD + 1U) + (SysTick->LOAD - value);
}

uint64_t mtvm_port_clock(void) {
  uint32_t masked = __get_PRIMASK();
  __disable_irq();
  uint64_t now = counter == COUNTER_SYSTICK ? systick() : widened();
  if (masked == 0) {
    __enable_irq();
  }
  return now;
}

uint32_t mtvm_port_clock_hz(void) {
  if (counter != COUNTER_TIM2) {
    return SystemCoreClock;
  }
  uint32_t bus = HAL_RCC_GetPCLK1Freq(); /* timers get twice the bus clock where that is divided */
  return bus == HAL_RCC_GetHCLKFreq() ? bus : 2U * bus;
}

uint32_t mtvm_port_ticks(void) { return (uint32_t)mtvm_port_clock(); }

void SysTick_Handler(void) {
  HAL_IncTick();
  mtvm_stm32_timer_tick();
}
