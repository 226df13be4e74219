// ImporterTests
