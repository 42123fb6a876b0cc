//! How many rows a list brings at most.

/// A number of rows, already capped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The most rows that any list brings.
    pub const MAX: u16 = 500;

    /// `rows`, but at least one and at most [`PageSize::MAX`].
    #[must_use]
    pub const fn capped(rows: u16) -> Self {
        match rows {
            0 => Self(1),
            rows if rows > Self::MAX => Self(Self::MAX),
            rows => Self(rows),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The number, as a statement takes it.
    #[must_use]
    pub const fn rows(self) -> u64 {
        self.0 as u64
    }

    /// One row more, to see whether there is another page.
    #[must_use]
    pub const fn and_one(self) -> Self {
        Self(self.0 + 1)
    }
}
