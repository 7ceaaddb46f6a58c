//! What a condition is, once read.

use crate::core::number::Number;
use crate::core::time::Span;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    Any(Vec<Expr>),
    All(Vec<Expr>),
    Not(Box<Expr>),
    /// A value that is itself true or false.
    Is(Operand),
    Compare {
        left: Operand,
        op: Op,
        right: Operand,
    },
    In {
        left: Operand,
        list: Vec<Operand>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operand {
    /// In characters from the start.
    pub(super) at: usize,
    /// As it was written.
    pub(super) text: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Name(String),
    Step(String),
    Component(String),
    Site(String),
    Alert(String),
    Text(String),
    Number(Number),
    Duration(Span),
    Truth(bool),
    /// The word of an outcome or a verdict.
    Word(String),
}

impl Op {
    /// As it is written.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Op::Equal => "==",
            Op::Unequal => "!=",
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::More => ">",
            Op::AtLeast => ">=",
        }
    }

    /// Whether it asks which of two comes first.
    pub(super) fn orders(self) -> bool {
        !matches!(self, Op::Equal | Op::Unequal)
    }
}

impl Expr {
    /// Shows every value in it, in the order of the text.
    pub(super) fn each<'e>(&'e self, see: &mut impl FnMut(&'e Operand)) {
        match self {
            Expr::Any(parts) | Expr::All(parts) => parts.iter().for_each(|part| part.each(see)),
            Expr::Not(part) => part.each(see),
            Expr::Is(operand) => see(operand),
            Expr::Compare { left, right, .. } => [left, right].into_iter().for_each(see),
            Expr::In { left, list } => std::iter::once(left).chain(list).for_each(see),
        }
    }
}
