"""Tries kernels on boards: builds them, brings them there, measures and checks them, logs it all.

Knows neither TVM nor where kernels come from. `KernelHost` is the firmware that runs them,
`Trials` what drives one or more boards with it.
"""
