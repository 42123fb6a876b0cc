#![doc = include_str!("../README.md")]

use proc_macro::{TokenStream, TokenTree};

/// Makes the tests `NAME::sqlite` and `NAME::postgres` of `async fn NAME(server: TestServer)`; the optional
/// argument names a `fn(Settings) -> Settings` that the server is started with.
#[proc_macro_attribute]
pub fn server_test(settings: TokenStream, function: TokenStream) -> TokenStream {
    let Some(name) = name_of(function.clone()) else {
        return "compile_error!(\"server_test stands before an async function\");"
            .parse()
            .unwrap_or_default();
    };
    let settings =
        if settings.is_empty() { "::std::convert::identity".into() } else { format!("super::{settings}") };
    let test = |engine: &str, variant: &str| {
        format!(
            "#[test] fn {engine}() {{ ::teahouse_tests::run(::teahouse_tests::Engine::{variant}, {settings}, super::{name}); }}"
        )
    };
    let module = format!("mod {name} {{ {} {} }}", test("sqlite", "Sqlite"), test("postgres", "Postgres"));
    let mut both = function;
    both.extend(module.parse::<TokenStream>());
    both
}

/// The word after `fn`.
fn name_of(function: TokenStream) -> Option<String> {
    let mut words = function.into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    words.find(|word| word == "fn")?;
    words.next()
}
