// DriftStatistics
