//! Finds all words of a set in one pass over a text (Aho and Corasick 1975), with characters as steps.
//!
//! Libraries were weighed: those that step by bytes need three steps and three states for an ideograph, and those that
//! step by characters build through a map for each state; both outgrow a plugin's 16 MiB at 50 000 words. Here a state
//! takes 20 bytes, and building takes little more: as words come sorted, a level of the tree is a walk over ranges.

/// The state in which nothing has been read.
pub(crate) const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;
const PAGE: usize = 256;

/// Words as a tree, with a way back from each state to the longest suffix that is a state too.
#[derive(Debug, Default)]
pub(crate) struct Automaton {
    first: FirstStep,
    /// The character that leads to a state. The root's is never read.
    labels: Vec<char>,
    /// Where a state's children begin; they end where the next state's begin.
    children: Vec<u32>,
    fails: Vec<u32>,
    /// The nearest state on the way back, the state itself included, at which a word ends.
    reports: Vec<u32>,
    /// The first of the words that end at a state.
    words: Vec<u32>,
}

impl Automaton {
    /// Builds from `count` words, sorted, none empty; `word` gives each one's characters.
    pub(crate) fn build<'a>(count: u32, word: impl Fn(u32) -> &'a [char]) -> Self {
        let mut built = Self { labels: vec!['\0'], words: vec![NONE], ..Self::default() };
        built.grow(count, word);
        built.link();
        for child in built.children[0]..built.children[1] {
            built.first.set(built.labels[child as usize], child);
        }
        built
    }

    /// The state after `key` was read in `state`.
    #[inline]
    pub(crate) fn step(&self, mut state: u32, key: char) -> u32 {
        while state != ROOT {
            if let Some(child) = self.child(state, key) {
                return child;
            }
            state = self.fails[state as usize];
        }
        self.first.get(key)
    }

    /// For each length of word that ends in `state`, longest first: the first word of its group.
    #[inline]
    pub(crate) fn ending_at(&self, state: u32) -> impl Iterator<Item = u32> {
        let mut next = self.reports[state as usize];
        std::iter::from_fn(move || {
            let word = *self.words.get(next as usize)?;
            next = self.reports[self.fails[next as usize] as usize];
            Some(word)
        })
    }

    /// Bytes that this takes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.labels.capacity() * 20 + self.first.pages.len() * PAGE * 4
    }

    /// Makes the states, level by level: then a state's children lie side by side, in order.
    fn grow<'a>(&mut self, count: u32, word: impl Fn(u32) -> &'a [char]) {
        // The words below each state of the level, as ranges of the sorted words.
        let mut level = vec![(0, count)];
        let mut depth = 0;
        while !level.is_empty() {
            let mut below = Vec::with_capacity(level.len());
            for (mut from, to) in level {
                self.children.push(self.labels.len() as u32);
                while from < to && word(from).len() == depth {
                    from += 1;
                }
                while from < to {
                    let label = word(from)[depth];
                    let end = (from..to).find(|other| word(*other)[depth] != label).unwrap_or(to);
                    self.labels.push(label);
                    self.words.push(if word(from).len() == depth + 1 { from } else { NONE });
                    below.push((from, end));
                    from = end;
                }
            }
            level = below;
            depth += 1;
        }
        self.children.push(self.labels.len() as u32);
    }

    /// Finds the way back from each state; those of the level above are known by then.
    fn link(&mut self) {
        let states = self.labels.len() as u32;
        self.fails = vec![ROOT; states as usize];
        self.reports = vec![NONE; states as usize];
        for state in 0..states {
            let at = state as usize;
            self.reports[at] =
                if self.words[at] != NONE { state } else { self.reports[self.fails[at] as usize] };
            if state == ROOT {
                continue;
            }
            for child in self.children[at]..self.children[at + 1] {
                self.fails[child as usize] = self.way_back(self.fails[at], self.labels[child as usize]);
            }
        }
    }

    fn way_back(&self, mut state: u32, label: char) -> u32 {
        loop {
            if let Some(child) = self.child(state, label) {
                return child;
            }
            if state == ROOT {
                return ROOT;
            }
            state = self.fails[state as usize];
        }
    }

    #[inline]
    fn child(&self, state: u32, key: char) -> Option<u32> {
        let (from, to) = (self.children[state as usize], self.children[state as usize + 1]);
        let labels = &self.labels[from as usize..to as usize];
        let at = if labels.len() <= 8 {
            labels.iter().position(|label| *label == key)
        } else {
            labels.binary_search(&key).ok()
        };
        at.map(|at| from + at as u32)
    }
}

/// The root has thousands of children, and most characters of a text are looked up there: by page.
#[derive(Debug)]
struct FirstStep {
    index: Vec<u16>,
    pages: Vec<[u32; PAGE]>,
}

impl Default for FirstStep {
    fn default() -> Self {
        Self { index: vec![0; char::MAX as usize / PAGE + 1], pages: vec![[ROOT; PAGE]] }
    }
}

impl FirstStep {
    fn set(&mut self, key: char, state: u32) {
        let index = &mut self.index[key as usize / PAGE];
        if *index == 0 {
            *index = self.pages.len() as u16;
            self.pages.push([ROOT; PAGE]);
        }
        self.pages[usize::from(*index)][key as usize % PAGE] = state;
    }

    #[inline]
    fn get(&self, key: char) -> u32 {
        self.pages[usize::from(self.index[key as usize / PAGE])][key as usize % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// All (end, word) in `text`, by the automaton.
    fn found(words: &[Vec<char>], text: &[char]) -> Vec<(usize, Vec<char>)> {
        let automaton = Automaton::build(words.len() as u32, |word| &words[word as usize]);
        let mut state = ROOT;
        let mut found = Vec::new();
        for (at, key) in text.iter().enumerate() {
            state = automaton.step(state, *key);
            found.extend(automaton.ending_at(state).map(|word| (at + 1, words[word as usize].clone())));
        }
        found.sort();
        found
    }

    /// The same by looking everywhere.
    fn looked_up(words: &[Vec<char>], text: &[char]) -> Vec<(usize, Vec<char>)> {
        let ends = 1..=text.len();
        let mut found: Vec<_> = ends
            .flat_map(|end| {
                words
                    .iter()
                    .filter(move |word| text[..end].ends_with(word))
                    .map(move |word| (end, word.clone()))
            })
            .collect();
        found.sort();
        found
    }

    fn sorted(words: &[&str]) -> Vec<Vec<char>> {
        let mut words: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
        words.sort();
        words.dedup();
        words
    }

    #[test]
    fn words_in_words_are_all_found() {
        let words = sorted(&["he", "she", "his", "hers", "赌", "赌博", "博彩"]);
        let text: Vec<char> = "ushers赌博彩".chars().collect();
        assert_eq!(found(&words, &text), looked_up(&words, &text));
        assert_eq!(found(&words, &text).len(), 6);
    }

    #[test]
    fn no_words_find_nothing() {
        assert!(found(&[], &['a', '赌']).is_empty());
    }

    #[test]
    fn many_children_are_told_apart() {
        let words: Vec<Vec<char>> = ('a'..='z').map(|last| vec!['x', last]).collect();
        let text: Vec<char> = "xqxzxAx".chars().collect();
        assert_eq!(found(&words, &text).len(), 2);
    }

    proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

            #[test]
            fn it_finds_what_looking_everywhere_finds(
                words in proptest::collection::btree_set(proptest::collection::vec(prop::sample::select(vec!['a', 'b', '赌']), 1..5), 0..20),
                text in proptest::collection::vec(prop::sample::select(vec!['a', 'b', '赌', 'x']), 0..40),
            ) {
                let words: Vec<Vec<char>> = words.into_iter().collect();
                prop_assert_eq!(found(&words, &text), looked_up(&words, &text));
            }
        }
}
