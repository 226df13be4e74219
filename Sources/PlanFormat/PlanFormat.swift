// PlanFormat
