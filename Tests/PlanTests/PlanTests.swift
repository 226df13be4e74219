// PlanTests
