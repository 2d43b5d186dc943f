"""Classic TVM (0.8 to 0.18): import, export, session, tuning. Imports `tvm` when it is used."""
