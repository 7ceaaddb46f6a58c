//! Values of a body that is sent: the one place where a plain scalar has no field to say what it is.

use serde_json::{Map, Number, Value as Json};

use super::fields::Field;
use super::names::{Names, Place};
use super::tree::{Style, Value};
use super::values::{bare, is_ambiguous_number, quote};

impl Field<'_> {
    /// The value as JSON. Its texts are templates.
    pub(crate) fn json(&self, names: &Names<'_>) -> Option<Json> {
        match &self.node.value {
            Value::Scalar { .. } => self.json_scalar(names),
            Value::List(_) => {
                let items: Vec<Option<Json>> = self.items().iter().map(|item| item.json(names)).collect();
                items.into_iter().collect::<Option<_>>().map(Json::Array)
            }
            Value::Map(entries) => {
                let fields: Vec<Option<(String, Json)>> = entries
                    .iter()
                    .map(|entry| {
                        let field = Field { node: &entry.value, key_at: entry.key_at, ..self.clone() };
                        Some((entry.key.clone(), field.json(names)?))
                    })
                    .collect();
                fields.into_iter().collect::<Option<Map<_, _>>>().map(Json::Object)
            }
        }
    }

    fn json_scalar(&self, names: &Names<'_>) -> Option<Json> {
        let Value::Scalar { text, style } = &self.node.value else { return None };
        if *style == Style::Plain {
            if self.node.is_null() {
                return Some(Json::Null);
            }
            match text.as_str() {
                "true" | "True" | "TRUE" => return Some(Json::Bool(true)),
                "false" | "False" | "FALSE" => return Some(Json::Bool(false)),
                "yes" | "no" | "on" | "off" | "y" | "n" => {
                    self.doubt(format!("{} is sent as a text", quote(text)), Some("true, false, or quotes".to_owned()));
                }
                number if is_ambiguous_number(number) => {
                    return self.wrong(
                        format!("{} begins with 0, which some read as octal", bare(text)),
                        Some("a number without it, or quotes".to_owned()),
                    );
                }
                _ => {}
            }
            if let Ok(number) = serde_json::from_str::<Number>(text) {
                return Some(Json::Number(number));
            }
        }
        self.template(names, Place::Inside).map(|template| Json::String(template.source().to_owned()))
    }
}
