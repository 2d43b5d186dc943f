"""AutoTVM and MetaSchedule: their tasks, searches and records, and their own way to a board."""
