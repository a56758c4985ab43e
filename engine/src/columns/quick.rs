//! A hash for small keys that nobody chooses to collide: positions, ids and days.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Maps from ids.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Multiplies and turns.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Quick {
    const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        // Tables look at the lowest and the highest bits.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(place, byte)| *place = *byte);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.word(u64::from(n));
    }

    fn write_u16(&mut self, n: u16) {
        self.word(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.word(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.word(n);
    }

    fn write_u128(&mut self, n: u128) {
        let (low, high) = (n & u128::from(u64::MAX), n >> 64);
        self.word(u64::try_from(low).unwrap_or(0));
        self.word(u64::try_from(high).unwrap_or(0));
    }

    fn write_i8(&mut self, n: i8) {
        self.word(u64::from(n.cast_unsigned()));
    }

    fn write_i16(&mut self, n: i16) {
        self.word(u64::from(n.cast_unsigned()));
    }

    fn write_i64(&mut self, n: i64) {
        self.word(n.cast_unsigned());
    }

    fn write_usize(&mut self, n: usize) {
        self.word(n as u64);
    }

    fn write_isize(&mut self, n: isize) {
        self.word(n.cast_unsigned() as u64);
    }
}
