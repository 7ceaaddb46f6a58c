//! Finding in the timeline, and among parts.

use crate::console::canvas::{Canvas, Row};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Needs, Next};
use crate::console::place::{Screen, View};
use crate::console::theme::Role;

/// A line at the foot of the page.
#[derive(Default)]
pub(crate) struct Find {
    words: Edit,
    among: Among,
}

/// Where it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Among {
    #[default]
    Rows,
    Parts,
}

impl Layer for Find {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match key.code {
            Code::Esc => {
                self.words.clear();
                self.show(desk);
                return Next::Close;
            }
            Code::Enter => return Next::Close,
            _ => {
                self.words.key(key);
            }
        }
        self.show(desk);
        Next::Keep
    }

    fn paste(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.words.paste(text.trim_end());
        self.show(desk);
    }

    fn draw(&self, page: &mut Canvas<'_>, _view: View<'_>) {
        let (width, y) = (page.width(), page.height().saturating_sub(2));
        let mut area = page.part(0, y, width, 1);
        area.row(0, &Row::text(" ".repeat(usize::from(width))));
        let row = Row::of(" find ", Role::Key).and(self.words.row(40, Focus::Yes));
        area.both(0, &row, &Row::of("Enter keeps it, Esc shows all ", Role::Dim));
    }

    fn about(&self) -> String {
        "find".to_owned()
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}

impl Find {
    /// Among the parts of the Health screen.
    pub(crate) fn of_parts(words: Option<&str>) -> Find {
        Find { words: Edit::with(words.unwrap_or_default()), among: Among::Parts }
    }

    fn show(&self, desk: &mut Desk<'_>) {
        let words = self.words.text().trim();
        let words = (!words.is_empty()).then(|| words.to_owned());
        match self.among {
            Among::Rows => {
                desk.place.go(Screen::Timeline);
                desk.place.find = words;
            }
            Among::Parts => desk.place.health.filter = words,
        }
    }
}
