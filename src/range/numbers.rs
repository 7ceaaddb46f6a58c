//! A set of order numbers, which are given out one after another: a bit for each.

/// The largest number that is kept: at six orders a second, a month.
const LARGEST: u64 = 1 << 24;

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers(Vec<u64>);

impl Numbers {
    /// Adds a number; one that is larger than any that is given out is left out.
    pub(crate) fn insert(&mut self, number: u64) {
        let (Some((word, bit)), true) = (place(number), number <= LARGEST) else { return };
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= bit;
        }
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some((word, bit)) = place(number)
            && let Some(bits) = self.0.get_mut(word)
        {
            *bits &= !bit;
        }
    }

    /// Whether a number is in it.
    pub(crate) fn holds(&self, number: u64) -> bool {
        place(number).is_some_and(|(word, bit)| self.0.get(word).is_some_and(|bits| bits & bit != 0))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// How many of them are in `others` too.
    pub(crate) fn shared(&self, others: &Numbers) -> u64 {
        self.0.iter().zip(&others.0).map(|(mine, theirs)| u64::from((mine & theirs).count_ones())).sum()
    }
}

fn place(number: u64) -> Option<(usize, u64)> {
    Some((usize::try_from(number / 64).ok()?, 1 << (number % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: impl IntoIterator<Item = u64>) -> Numbers {
        let mut set = Numbers::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }

    #[test]
    fn what_is_put_in_is_in_it_once_until_it_is_taken_out() {
        let mut some = set([1, 63, 64, 64, 1000]);
        assert_eq!(some.len(), 4);
        assert!(some.holds(64) && !some.holds(65) && !some.holds(u64::MAX));
        some.remove(64);
        some.remove(70_000);
        assert!(!some.holds(64));
        assert_eq!((some.len(), some.shared(&set([1, 2, 1000]))), (3, 2));
    }

    #[test]
    fn a_number_that_nobody_gave_out_takes_no_room() {
        let some = set([LARGEST + 1, u64::MAX]);
        assert_eq!((some.len(), some.0.len()), (0, 0));
    }
}
