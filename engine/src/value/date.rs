//! Calendar dates and their arithmetic.

pub use jiff::civil::Date;
