//! Tests of the parser as a whole: what reads back, what is refused and how it is told.

mod errors;
mod hostile;
mod round_trip;
mod walks;
