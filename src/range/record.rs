//! What a database has written: its orders in a row, from which a copy can tell whether it is one.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::numbers::Numbers;

/// The newest orders that a database keeps whole. A standby that was away for longer continues with the oldest that is left.
pub(crate) const KEPT: usize = 20_000;

/// Tells one order of a record from all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Its place.
    pub(crate) seq: u64,
    /// The promotion since which its database has taken orders; 1 is from the start.
    pub(crate) timeline: u32,
    /// When it was committed, at the database that took it.
    pub(crate) at: String,
}

/// An order with its mark.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    #[serde(flatten)]
    pub(crate) mark: Mark,
    pub(crate) order: Value,
}

impl Order {
    /// The number that the customer gave it.
    fn number(&self) -> Option<u64> {
        self.order.get("order").and_then(Value::as_u64)
    }
}

/// Everything that a database has written.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) timeline: u32,
    pub(crate) seq: u64,
    orders: VecDeque<Order>,
    numbers: Numbers,
}

/// How what a standby was sent fits what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It goes on from there.
    Continues,
    /// Its source has another order in the place of its last one.
    Diverged,
}

impl Record {
    /// Nothing yet.
    pub(crate) fn new() -> Record {
        Record { timeline: 1, seq: 0, orders: VecDeque::new(), numbers: Numbers::default() }
    }

    /// Writes an order of its own.
    pub(crate) fn commit(&mut self, order: Value, at: String) -> Order {
        let order = Order { mark: Mark { seq: self.seq + 1, timeline: self.timeline, at }, order };
        self.keep(order.clone());
        order
    }

    fn keep(&mut self, order: Order) {
        self.seq = order.mark.seq;
        self.timeline = self.timeline.max(order.mark.timeline);
        if let Some(number) = order.number() {
            self.numbers.insert(number);
        }
        self.orders.push_back(order);
        if self.orders.len() > KEPT {
            self.orders.pop_front();
        }
    }

    /// The last order.
    pub(crate) fn last(&self) -> Option<&Order> {
        self.orders.back()
    }

    /// The marks of what is kept, oldest first.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        self.orders.iter().map(|order| order.mark.clone()).collect()
    }

    /// The numbers of all orders that it holds.
    pub(crate) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// At most `limit` orders behind a place.
    pub(crate) fn after(&self, seq: u64, limit: usize) -> Vec<Order> {
        let from = self.orders.partition_point(|order| order.mark.seq <= seq);
        self.orders.range(from..).take(limit).cloned().collect()
    }

    /// Takes over what its source has from this record's last order on.
    pub(crate) fn receive(&mut self, batch: Vec<Order>) -> Fit {
        if let (Some(mine), Some(theirs)) = (self.last(), batch.iter().find(|order| order.mark.seq == self.seq))
            && mine.mark != theirs.mark
        {
            return Fit::Diverged;
        }
        for order in batch {
            if order.mark.seq > self.seq {
                self.keep(order);
            }
        }
        Fit::Continues
    }

    /// Forgets everything behind the oldest `keep` orders that it has whole, and says how many those were.
    pub(crate) fn rewind(&mut self, keep: usize) -> usize {
        let gone: Vec<Order> = self.orders.drain(keep.min(self.orders.len())..).collect();
        for number in gone.iter().filter_map(Order::number) {
            self.numbers.remove(number);
        }
        if self.orders.is_empty() {
            // Nothing of it is the source's, older orders included.
            *self = Record { timeline: self.timeline, ..Record::new() };
        }
        self.seq = self.last().map_or(0, |order| order.mark.seq);
        gone.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(record: &mut Record, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let at = format!("{}-{}", record.timeline, number);
            record.commit(json!({"order": number}), at);
        }
    }

    fn pair() -> (Record, Record) {
        let (mut source, mut copy) = (Record::new(), Record::new());
        write(&mut source, 1..=3);
        assert_eq!(copy.receive(source.after(0, 10)), Fit::Continues);
        (source, copy)
    }

    #[test]
    fn a_copy_takes_over_place_and_moment_and_nothing_twice() {
        let (source, mut copy) = pair();
        assert_eq!(copy.receive(source.after(1, 10)), Fit::Continues);
        assert_eq!((copy.seq, copy.marks()), (3, source.marks()));
        assert_eq!(copy.numbers(), source.numbers());
    }

    #[test]
    fn a_copy_of_another_history_is_found_out_and_nothing_of_it_taken() {
        let (mut source, mut copy) = pair();
        write(&mut source, 4..=5);
        copy.timeline += 1;
        write(&mut copy, 6..=7);
        assert_eq!(source.receive(copy.after(source.seq - 1, 10)), Fit::Diverged);
        assert_eq!(source.seq, 5);
        assert_eq!(source.rewind(3), 2);
        assert_eq!((source.seq, source.numbers().len()), (3, 3));
        assert_eq!(source.receive(copy.after(2, 10)), Fit::Continues);
        assert_eq!(source.marks(), copy.marks());
        assert_eq!((source.timeline, source.numbers().holds(4), source.numbers().holds(7)), (2, false, true));
    }

    #[test]
    fn a_record_without_anything_in_common_begins_anew() {
        let (mut source, _) = pair();
        assert_eq!(source.rewind(0), 3);
        assert_eq!((source.seq, source.numbers().len(), source.last().is_none()), (0, 0, true));
    }

    #[test]
    fn the_newest_orders_are_kept_whole_and_the_numbers_of_all() {
        let mut record = Record::new();
        let all = KEPT as u64 + 5;
        write(&mut record, 1..=all);
        assert_eq!((record.after(0, 1)[0].mark.seq, record.numbers().len()), (6, all));
    }
}
