//! The embedded Sugar server. It imports `wire` and nothing else of the project, so that it shares no mistake with
//! what it judges.
