// DeviceCommands
