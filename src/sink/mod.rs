//! Results out: one file a format or sink.
