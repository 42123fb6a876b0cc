//! The policy of `wit/POLICY.md`: what a released version has, every later one of its major version has unchanged.

use std::collections::BTreeMap;
use std::path::Path;

use wit_parser::{Resolve, Type, TypeDefKind, TypeId, WorldItem};

/// Each type, function, import and export by its full name, with its structure as text.
type Items = BTreeMap<String, String>;

#[test]
fn what_was_released_is_unchanged() {
    let now = items(&std::fs::read_to_string(folder().join("wit/plugin.wit")).unwrap());
    let mut seen = 0;
    for entry in std::fs::read_dir(folder().join("tests/released")).unwrap() {
        let file = entry.unwrap().path();
        let released = items(&std::fs::read_to_string(&file).unwrap());
        assert_eq!(broken(&released, &now), Vec::<String>::new(), "against {}", file.display());
        seen += 1;
    }
    assert!(seen > 0, "no released version was found");
}

#[test]
fn a_change_is_seen_and_an_addition_is_none() {
    let before = items(
        "package a:b@1.0.0; interface i { record r { x: u8 } f: func(r: r) -> option<string>; } world w { import i; }",
    );
    let check = |text: &str, expected: &[&str]| assert_eq!(broken(&before, &items(text)), expected, "{text}");
    check(
        "package a:b@1.1.0; interface i { record r { x: u8 } f: func(r: r) -> option<string>; g: func(); } world w { import i; }",
        &[],
    );
    check(
        "package a:b@1.1.0; interface i { record r { x: u8, y: u8 } f: func(r: r) -> option<string>; } world w { import i; }",
        &["i.r"],
    );
    check(
        "package a:b@1.1.0; interface i { record r { x: u8 } f: func(r: r) -> string; } world w { import i; }",
        &["i.f"],
    );
    check("package a:b@1.1.0; interface i { record r { x: u8 } } world w { }", &["i.f", "w imports i"]);
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of what `before` had and `after` has not, or has otherwise.
fn broken(before: &Items, after: &Items) -> Vec<String> {
    before
        .iter()
        .filter(|(name, shape)| after.get(*name) != Some(shape))
        .map(|(name, _)| name.clone())
        .collect()
}

fn items(text: &str) -> Items {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("plugin.wit", text).expect("valid WIT");
    let mut items = Items::new();
    for (interface, id) in &resolve.packages[package].interfaces {
        for (name, id) in &resolve.interfaces[*id].types {
            items.insert(format!("{interface}.{name}"), definition(&resolve, *id));
        }
        for (name, function) in &resolve.interfaces[*id].functions {
            let parameters =
                function.params.iter().map(|one| format!("{}: {}", one.name, shape(&resolve, one.ty)));
            let result = function.result.map(|ty| shape(&resolve, ty));
            items.insert(
                format!("{interface}.{name}"),
                format!("func({}) -> {result:?}", parameters.collect::<Vec<_>>().join(", ")),
            );
        }
    }
    for (world, id) in &resolve.packages[package].worlds {
        let world_items = &resolve.worlds[*id];
        for (kind, all) in [("imports", &world_items.imports), ("exports", &world_items.exports)] {
            for item in all.values() {
                if let WorldItem::Interface { id, .. } = item {
                    let interface = resolve.interfaces[*id].name.clone().unwrap_or_default();
                    items.insert(format!("{world} {kind} {interface}"), String::new());
                }
            }
        }
    }
    items
}

/// A type where it is used: by its name, if it has one.
fn shape(resolve: &Resolve, ty: Type) -> String {
    match ty {
        Type::Id(id) => match &resolve.types[id].name {
            Some(name) => name.clone(),
            None => definition(resolve, id),
        },
        plain => format!("{plain:?}").to_lowercase(),
    }
}

fn definition(resolve: &Resolve, id: TypeId) -> String {
    let one = |ty: &Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| shape(resolve, ty));
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => list(
            "record",
            record.fields.iter().map(|field| format!("{}: {}", field.name, shape(resolve, field.ty))),
        ),
        TypeDefKind::Variant(variant) => {
            list("variant", variant.cases.iter().map(|case| format!("{}({})", case.name, one(&case.ty))))
        }
        TypeDefKind::Enum(all) => list("enum", all.cases.iter().map(|case| case.name.clone())),
        TypeDefKind::Tuple(tuple) => list("tuple", tuple.types.iter().map(|ty| shape(resolve, *ty))),
        TypeDefKind::Option(ty) => list("option", [shape(resolve, *ty)]),
        TypeDefKind::List(ty) => list("list", [shape(resolve, *ty)]),
        TypeDefKind::Result(result) => list("result", [one(&result.ok), one(&result.err)]),
        TypeDefKind::Type(ty) => shape(resolve, *ty),
        other => panic!("the interface has no {} yet: teach this test about it", other.as_str()),
    }
}

fn list(kind: &str, parts: impl IntoIterator<Item = String>) -> String {
    format!("{kind}<{}>", parts.into_iter().collect::<Vec<_>>().join(", "))
}
