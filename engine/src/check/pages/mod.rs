//! Manual pages of codes whose messages come from elsewhere: parsing, names, lowering and the record readers.

macro_rules! texts {
    ($($code:literal)*) => {
        /// Code and page.
        pub(super) const TEXTS: &[(&str, &str)] = &[$(($code, include_str!(concat!($code, ".md")))),*];
    };
}

texts! {}
