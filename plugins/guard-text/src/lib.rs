#![doc = include_str!("../README.md")]

mod borders;
mod class;
mod cluster;
mod fields;
mod fold;
mod mask;
mod read;
mod words;

pub use borders::{Borders, Guess};
pub use class::Class;
pub use fields::Fields;
pub use fold::Fold;
pub use mask::Mask;
pub use read::{Gap, Glyph, Keycaps, Reader};
pub use words::{Commonness, Hash, LONGEST, Words};
