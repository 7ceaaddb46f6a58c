//! From tokens to a tree: one function for each level of the grammar.

use super::lex::{Lexeme, Token, lex};
use super::tree::{Expr, Operand};
use super::{BadCondition, MAX_NESTING, MAX_TEXT};

/// What can stand where a value is missing.
const VALUES: &str = "a name, step.ID, component.ID, site.ID or a value";

pub(super) fn parse(text: &str) -> Result<Expr, BadCondition> {
    if text.len() > MAX_TEXT {
        let what = format!("it has {} bytes; at most {MAX_TEXT} are allowed", text.len());
        return Err(BadCondition { at: 0, what, right: None });
    }
    let chars: Vec<char> = text.chars().collect();
    let mut parser = Parser { lexemes: lex(&chars)?, next: 0, depth: 0, end: chars.len() };
    let tree = parser.any()?;
    match parser.peek() {
        None => Ok(tree),
        Some(Token::Close | Token::ListClose) => Err(parser.fault(|text| format!("{text:?} closes nothing"), None)),
        Some(Token::Op(_) | Token::In) => {
            Err(parser.fault(|text| format!("{text:?} cannot compare what is itself a condition"), Some("and")))
        }
        Some(_) => Err(parser.fault(|text| format!("{text:?} cannot stand here"), Some("and or or before it"))),
    }
}

struct Parser {
    lexemes: Vec<Lexeme>,
    next: usize,
    depth: usize,
    /// The length of the text, in characters.
    end: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Expr, BadCondition> {
        let first = self.all()?;
        self.joined(first, &Token::Or, Parser::all, Expr::Any)
    }

    fn all(&mut self) -> Result<Expr, BadCondition> {
        let first = self.one()?;
        self.joined(first, &Token::And, Parser::one, Expr::All)
    }

    fn joined(
        &mut self,
        first: Expr,
        by: &Token,
        read: fn(&mut Parser) -> Result<Expr, BadCondition>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, BadCondition> {
        if self.peek() != Some(by) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(by) {
            parts.push(read(self)?);
        }
        Ok(join(parts))
    }

    fn one(&mut self) -> Result<Expr, BadCondition> {
        match self.peek() {
            Some(Token::Not) => self.deeper(|parser| Ok(Expr::Not(Box::new(parser.one()?)))),
            Some(Token::Open) => self.deeper(|parser| {
                let inner = parser.any()?;
                parser.expect(&Token::Close, "\")\"")?;
                Ok(inner)
            }),
            _ => self.comparison(),
        }
    }

    /// Takes a token and reads what stands inside it.
    fn deeper(&mut self, read: impl Fn(&mut Parser) -> Result<Expr, BadCondition>) -> Result<Expr, BadCondition> {
        if self.depth == MAX_NESTING {
            let what = format!("it is nested more than {MAX_NESTING} deep");
            return Err(self.fault(|_| what.clone(), None));
        }
        self.depth += 1;
        self.next += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn comparison(&mut self) -> Result<Expr, BadCondition> {
        let left = self.operand()?;
        match self.peek() {
            Some(Token::Op(op)) => {
                let op = *op;
                self.next += 1;
                Ok(Expr::Compare { left, op, right: self.operand()? })
            }
            Some(Token::In) => self.list(left),
            Some(Token::Not) => {
                self.next += 1;
                match self.peek() {
                    Some(Token::In) => Ok(Expr::Not(Box::new(self.list(left)?))),
                    _ => Err(self.fault(|text| format!("{text:?} cannot stand after \"not\" here"), Some("not in"))),
                }
            }
            _ => Ok(Expr::Is(left)),
        }
    }

    fn list(&mut self, left: Operand) -> Result<Expr, BadCondition> {
        self.next += 1;
        self.expect(&Token::ListOpen, "a list, as in [done, skipped]")?;
        let mut list = vec![self.operand()?];
        while self.take(&Token::Comma) {
            list.push(self.operand()?);
        }
        self.expect(&Token::ListClose, "\"]\"")?;
        Ok(Expr::In { left, list })
    }

    fn operand(&mut self) -> Result<Operand, BadCondition> {
        match self.lexemes.get(self.next) {
            Some(Lexeme { at, text, token: Token::Value(what) }) => {
                self.next += 1;
                Ok(Operand { at: *at, text: text.clone(), what: what.clone() })
            }
            _ => Err(self.fault(|text| format!("{text:?} is no value"), Some(VALUES))),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.lexemes.get(self.next).map(|lexeme| &lexeme.token)
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == Some(token);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, token: &Token, right: &str) -> Result<(), BadCondition> {
        if self.take(token) {
            Ok(())
        } else {
            Err(self.fault(|text| format!("{text:?} cannot stand here"), Some(right)))
        }
    }

    /// A fault at the next token, or at the end.
    fn fault(&self, what: impl Fn(&str) -> String, right: Option<&str>) -> BadCondition {
        let right = right.map(str::to_owned);
        match self.lexemes.get(self.next) {
            Some(lexeme) => BadCondition { at: lexeme.at, what: what(&lexeme.text), right },
            None if self.lexemes.is_empty() => BadCondition { at: 0, what: "it is empty".to_owned(), right },
            None => BadCondition { at: self.end, what: "it ends too early".to_owned(), right },
        }
    }
}
