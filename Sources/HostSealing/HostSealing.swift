// HostSealing
