#![doc = include_str!("../README.md")]

mod class;
mod fields;
mod fold;
mod mask;
mod read;

pub use class::Class;
pub use fields::Fields;
pub use fold::Fold;
pub use mask::Mask;
pub use read::{Gap, Glyph, Reader};
