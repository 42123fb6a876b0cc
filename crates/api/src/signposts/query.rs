//! Which parameters a query may have: those of the operation's description, and no others. What is ignored looks as if it
//! had worked.

use poem::Request;
use poem::http::Method;
use poem_openapi::registry::{MetaOperation, MetaParamIn, MetaSchemaRef};
use teahouse_protocol::{ErrorCode, FieldError};

use crate::problem::Problem;

/// The query parameters of each operation of one path.
pub(super) struct Queries(Vec<(Method, Vec<Parameter>)>);

struct Parameter {
    name: String,
    /// Whether it may come several times.
    is_list: bool,
}

impl Queries {
    pub(super) fn of(operations: &[MetaOperation]) -> Self {
        Self(operations.iter().map(|operation| (operation.method.clone(), parameters(operation))).collect())
    }

    /// # Errors
    /// [`ErrorCode::UnknownParameter`], naming the first that the operation does not have;
    /// [`ErrorCode::InvalidField`] for one that comes twice.
    pub(super) fn check(&self, request: &Request) -> Result<(), Problem> {
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        // A method that there is not is refused for that.
        let Some((_, known)) = self.0.iter().find(|(one, _)| one == method) else { return Ok(()) };
        let given: Vec<(String, String)> = request.params().unwrap_or_default();
        for (at, (name, _)) in given.iter().enumerate() {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == *name) else {
                return Err(unknown(name, known));
            };
            if !parameter.is_list && given[..at].iter().any(|(before, _)| before == name) {
                return Err(Problem::field(FieldError::new(name, "is there twice")));
            }
        }
        Ok(())
    }
}

fn parameters(operation: &MetaOperation) -> Vec<Parameter> {
    let in_query = operation.params.iter().filter(|parameter| parameter.in_type == MetaParamIn::Query);
    in_query
        .map(|parameter| Parameter {
            name: parameter.name.clone(),
            is_list: matches!(&parameter.schema, MetaSchemaRef::Inline(schema) if schema.ty == "array"),
        })
        .collect()
}

/// How much of a strange name is said back.
const SHOWN_CHARS: usize = 64;

fn unknown(given: &str, known: &[Parameter]) -> Problem {
    let name: String = given.chars().take(SHOWN_CHARS).collect();
    let (en, zh) = match (meant(&name, known), known) {
        (Some(meant), _) => (format!("did you mean {meant}?"), format!("是否想用 {meant}？")),
        (None, []) => ("this operation takes none".to_owned(), "此操作没有查询参数。".to_owned()),
        (None, known) => {
            let names: Vec<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
            let names = names.join(", ");
            (format!("this operation takes {names}"), format!("此操作的查询参数有 {names}。"))
        }
    };
    let field = FieldError {
        code: ErrorCode::UnknownParameter,
        ..FieldError::new(&name, format!("there is no such parameter; {en}"))
    };
    let zh = format!("没有查询参数 {name}；{zh}");
    let en = format!("There is no query parameter {name}; {en}");
    Problem::new(ErrorCode::UnknownParameter).with_fields(vec![field]).detail(&en, Some(zh))
}

/// The one that was probably meant.
fn meant<'a>(given: &str, known: &'a [Parameter]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let near = known
        .iter()
        .map(|parameter| (strsim::damerau_levenshtein(&given, &parameter.name), parameter.name.as_str()));
    near.filter(|(distance, name)| *distance <= 1 + name.len() / 5).min().map(|(_, name)| name)
}

#[cfg(test)]
pub(super) fn operation(method: Method, queries: &[(&str, MetaSchemaRef)]) -> MetaOperation {
    let params = queries.iter().map(|(name, schema)| poem_openapi::registry::MetaOperationParam {
        name: (*name).to_owned(),
        schema: schema.clone(),
        in_type: MetaParamIn::Query,
        description: None,
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    });
    MetaOperation {
        method,
        tags: Vec::new(),
        summary: None,
        description: None,
        external_docs: None,
        params: params.collect(),
        request: None,
        responses: poem_openapi::registry::MetaResponses { responses: Vec::new() },
        deprecated: false,
        security: Vec::new(),
        operation_id: None,
        code_samples: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::registry::MetaSchema;

    use super::*;

    fn schema(kind: &'static str) -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new(kind)))
    }

    fn check(method: Method, query: &str) -> Result<(), Problem> {
        let parameters =
            [("cursor", schema("string")), ("limit", schema("integer")), ("kind", schema("array"))];
        let queries = Queries::of(&[operation(Method::GET, &parameters), operation(Method::PUT, &[])]);
        let request =
            Request::builder().method(method).uri(format!("/v1/x?{query}").parse().unwrap()).finish();
        queries.check(&request)
    }

    #[track_caller]
    fn refused(method: Method, query: &str) -> (ErrorCode, String) {
        let problem = check(method, query).expect_err(query);
        (problem.code(), problem.to_string_of_field())
    }

    #[test]
    fn what_the_operation_has_passes() {
        for query in ["cursor=a&limit=5", "kind=a&kind=b", "limit", "%6cimit=5", ""] {
            assert!(check(Method::GET, query).is_ok(), "{query}");
            assert!(check(Method::HEAD, query).is_ok(), "{query}");
        }
        assert!(check(Method::DELETE, "x=1").is_ok(), "the method is refused elsewhere");
    }

    #[test]
    fn what_it_does_not_have_is_named_with_what_was_meant() {
        let unknown = |field: &str, hint: &str| {
            (ErrorCode::UnknownParameter, format!("{field}: there is no such parameter; {hint}"))
        };
        assert_eq!(refused(Method::GET, "limt=5"), unknown("limt", "did you mean limit?"));
        assert_eq!(refused(Method::GET, "Limit=5"), unknown("Limit", "did you mean limit?"));
        assert_eq!(
            refused(Method::GET, "after=5"),
            unknown("after", "this operation takes cursor, limit, kind")
        );
        assert_eq!(refused(Method::PUT, "limit=5"), unknown("limit", "this operation takes none"));
        assert_eq!(
            refused(Method::GET, "=").1,
            ": there is no such parameter; this operation takes cursor, limit, kind"
        );
    }

    #[test]
    fn two_values_where_one_is_wanted_are_refused() {
        let twice = (ErrorCode::InvalidField, "limit: is there twice".to_owned());
        assert_eq!(refused(Method::GET, "limit=1&cursor=x&limit=2"), twice);
    }
}
