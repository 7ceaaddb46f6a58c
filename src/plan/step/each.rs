//! Lists that a step is done for.

use std::collections::BTreeSet;

use crate::core::ids::ComponentId;
use crate::core::plan::{Each, List, Order, Which};
use crate::core::template::Template;

use super::Scope;
use crate::plan::fields::{Field, Fields, Shape};
use crate::plan::names::Place;
use crate::plan::outline::SOURCES;
use crate::plan::parameter::value_name;
use crate::plan::tree::Value;
use crate::plan::values::quote;

const EACH: Shape = Shape { what: "a list to go over", fields: &["items", "hosts", "components", "order", "as"] };
const ORDERS: [(&str, Order); 2] = [("dependencies", Order::Dependencies), ("priority", Order::Priority)];

/// The list. Its items are filled in before the step is: `scope` knows no current one yet.
pub(super) fn each(field: &Field<'_>, scope: &Scope<'_>) -> Option<Each> {
    if let Value::List(_) = field.node.value {
        let name = free("item", field, scope);
        return Some(Each { list: List::Items(items(field, "item", scope)?), name: name? });
    }
    if let Value::Scalar { .. } = field.node.value {
        return field.wrong_type("a list", Some("[first, second], {hosts: [a, b]} or {components: all}".to_owned()));
    }
    let fields = field.fields(EACH)?;
    let of = fields.present(&SOURCES.map(|(key, _)| key));
    let (key, called) = match of.as_slice() {
        [(key, _)] => SOURCES.into_iter().find(|(source, _)| source == key)?,
        several => {
            let at = several.get(1).map_or(fields.head(), |(_, at)| *at);
            let what = match several {
                [] => "for_each: there is nothing to go over".to_owned(),
                [(a, _), (b, _), ..] => format!("for_each: a step goes over one list; this one has {a} and {b}"),
                [_] => return None,
            };
            fields.faults().error(at, what, Some("one of items, hosts, components".to_owned()));
            return None;
        }
    };
    let name = match fields.get("as") {
        Some(field) => value_name(&field).and_then(|name| free(&name, &field, scope)),
        None => free(called, field, scope),
    };
    let source = fields.get(key)?;
    let list = match key {
        "components" => components(&source, &fields, scope),
        _ => {
            for (_, at) in fields.present(&["order"]) {
                let what = format!("order belongs to components; {key} go side by side");
                fields.faults().error(at, what, Some("order left out".to_owned()));
            }
            items(&source, key, scope).map(List::Items)
        }
    };
    Some(Each { name: name?, list: list? })
}

/// The name, if nothing else in the procedure is called that.
fn free(name: &str, field: &Field<'_>, scope: &Scope<'_>) -> Option<String> {
    if scope.names.knows(name) {
        let what = format!("{} is a parameter, a result or an item already", quote(name));
        return field.wrong(what, Some("as: and another name".to_owned()));
    }
    Some(name.to_owned())
}

fn items(field: &Field<'_>, of: &str, scope: &Scope<'_>) -> Option<Vec<Template>> {
    let mut whole = true;
    let mut seen = BTreeSet::new();
    let mut templates = Vec::new();
    for item in field.some_items(of.trim_end_matches('s')) {
        let Some(template) = item.template(&scope.names, Place::Item) else {
            whole = false;
            continue;
        };
        let text = template.source();
        if text.trim().is_empty() {
            item.wrong::<()>("it is empty", Some("a text".to_owned()));
        } else if of == "hosts" && text.starts_with('-') {
            let what = format!("{} begins with '-', as an option of ssh does", quote(text));
            item.wrong::<()>(what, Some("a host as ssh knows it".to_owned()));
        } else if !seen.insert(text.to_owned()) {
            item.wrong::<()>("it stands in the list twice", Some("once".to_owned()));
        }
        templates.push(template);
    }
    (whole && !templates.is_empty()).then_some(templates)
}

fn components(field: &Field<'_>, fields: &Fields<'_>, scope: &Scope<'_>) -> Option<List> {
    let order = fields.get("order").map_or(Some(Order::Dependencies), |f| f.choice(&ORDERS));
    let which = match field.node.value {
        Value::Scalar { .. } => match field.raw()? {
            "all" => Which::All,
            "affected" => Which::Affected,
            other => {
                let what = format!("{} is not known here", quote(other));
                return field.wrong(what, Some("all, affected, or a list of components".to_owned()));
            }
        },
        _ => {
            field.some_items("component");
            Which::These(scope.known.components.resolve_all::<ComponentId>(field))
        }
    };
    Some(List::Components { which, order: order? })
}
