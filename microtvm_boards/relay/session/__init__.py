"""`tvm.micro.Session` and what stands between it and a device."""
