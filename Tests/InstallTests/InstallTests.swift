// InstallTests
