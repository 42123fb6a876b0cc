//! Lists that are bounded in bytes as well as in number: a page that one person filled with the largest messages must not
//! be more than its readers can bear.

use teahouse_store::PageSize;
use uuid::Uuid;

use crate::views::Page;

/// Rows read at first. How many follow at a time depends on how large these are.
const FIRST_STEP: u16 = 64;

/// A list that is read in steps until it is long or heavy enough. It has at least one item where there is any.
pub(crate) struct Bounded<T> {
    items: Vec<T>,
    size: u16,
    most_bytes: usize,
    bytes: usize,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Not yet.
    Open,
    /// There is nothing more.
    Reached,
    /// There is more.
    Cut,
}

impl<T> Bounded<T> {
    /// A list of at most `size` items that weigh at most `most_bytes`.
    pub(crate) const fn new(size: PageSize, most_bytes: usize) -> Self {
        Self { items: Vec::new(), size: size.get(), most_bytes, bytes: 0, end: End::Open }
    }

    /// How many rows to read next; `None`: the list is done. One row more is read, to see whether any follows.
    pub(crate) fn step(&self) -> Option<PageSize> {
        let rest = self.size.saturating_sub(u16::try_from(self.items.len()).unwrap_or(u16::MAX));
        if self.end != End::Open || rest == 0 {
            return None;
        }
        let step = if self.items.is_empty() {
            FIRST_STEP
        } else {
            let mean = (self.bytes / self.items.len()).max(1);
            u16::try_from((self.most_bytes - self.bytes) / mean).unwrap_or(u16::MAX).max(1)
        };
        Some(PageSize::capped(step.min(rest)))
    }

    /// The item to read on after.
    pub(crate) fn last(&self) -> Option<&T> {
        self.items.last()
    }

    /// Adds what a step of `step` rows brought: `found` rows, of which these are the items.
    pub(crate) fn add(
        &mut self,
        step: PageSize,
        found: usize,
        items: impl IntoIterator<Item = T>,
        bytes_of: impl Fn(&T) -> usize,
    ) {
        let has_more = found > usize::from(step.get());
        for item in items.into_iter().take(step.get().into()) {
            let bytes = self.bytes + bytes_of(&item);
            if bytes > self.most_bytes && !self.items.is_empty() {
                self.end = End::Cut;
                return;
            }
            self.bytes = bytes.min(self.most_bytes);
            self.items.push(item);
        }
        if !has_more {
            self.end = End::Reached;
        }
    }

    /// The list, and whether there is more.
    pub(crate) fn finish(self) -> (Vec<T>, bool) {
        (self.items, self.end != End::Reached)
    }

    /// The list as a page, of which the next begins after the last one's `id`.
    pub(crate) fn into_page(self, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let (items, has_more) = self.finish();
        let next = items.last().filter(|_| has_more).map(id);
        Page { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of items of `weights`, at most `size` of at most `most_bytes`; and the steps that it took.
    fn gather(weights: &[usize], size: u16, most_bytes: usize) -> (usize, bool, usize) {
        let mut list = Bounded::new(PageSize::capped(size), most_bytes);
        let (mut read, mut steps) = (0, 0);
        while let Some(step) = list.step() {
            let rest = &weights[read..];
            let found = rest.len().min(usize::from(step.get()) + 1);
            let before = list.items.len();
            list.add(step, found, rest[..found].iter().copied(), |weight| *weight);
            read += list.items.len() - before;
            steps += 1;
        }
        let (items, more) = list.finish();
        assert_eq!(items, weights[..items.len()]);
        (items.len(), more, steps)
    }

    #[test]
    fn a_list_ends_at_its_number_or_at_its_bytes() {
        assert_eq!(gather(&[10; 5], 5, 1_000), (5, false, 1));
        assert_eq!(gather(&[10; 6], 5, 1_000), (5, true, 1));
        assert_eq!(gather(&[10; 6], 5, 50), (5, true, 1));
        assert_eq!(gather(&[10; 6], 5, 49), (4, true, 1));
        assert_eq!(gather(&[10; 5], 9, 50), (5, false, 1));
        assert_eq!(gather(&[], 5, 50), (0, false, 1));
        // What is too heavy alone comes alone.
        assert_eq!(gather(&[100, 1], 5, 50), (1, true, 1));
    }

    #[test]
    fn small_rows_take_two_steps_and_large_ones_are_not_read_in_vain() {
        assert_eq!(gather(&[10; 600], 500, 1_000_000), (500, true, 2));
        assert_eq!(gather(&[10_000; 600], 500, 1_000_000), (100, true, 3));
    }
}
