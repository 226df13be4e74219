// HostArrays
