// BundleTests
