//! What the routes know and poem does not say: which methods a path has, what its parameters are called, and which a
//! query may have.

mod query;

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::error::MethodNotAllowedError;
use poem::http::{HeaderValue, Method, Uri};
use poem::{Endpoint, IntoEndpoint, Request, Response, Result, Route};
use poem_openapi::OpenApi;
use poem_openapi::error::{ParseParamError, ParsePathError};
use poem_openapi::registry::MetaOperation;
use teahouse_protocol::{ErrorCode, FieldError};

use crate::problem::Problem;

use query::Queries;

/// Refuses what the document does not describe, and explains poem's errors by what it says of the path.
pub(crate) struct Signposted<E> {
    inner: E,
    signposts: Route,
}

#[derive(Clone)]
struct Signpost {
    methods: HeaderValue,
    parameters: Arc<[String]>,
    queries: Arc<Queries>,
}

impl<E: Endpoint> Signposted<E> {
    /// `inner` serves what `Api` describes.
    pub(crate) fn new<Api: OpenApi>(inner: impl IntoEndpoint<Endpoint = E>) -> Self {
        let paths = Api::meta().into_iter().flat_map(|api| api.paths);
        let mut by_path = std::collections::BTreeMap::<String, Vec<MetaOperation>>::new();
        for path in paths {
            by_path.entry(path.path).or_default().extend(path.operations);
        }
        let signposts = by_path.iter().fold(Route::new(), |route, (path, operations)| {
            let signpost = Signpost::new(path, operations);
            let standing = make_sync(move |_| {
                let mut response = Response::default();
                response.set_data(signpost.clone());
                response
            });
            route.at(path.replace('{', ":").replace('}', ""), standing)
        });
        Self { inner: inner.into_endpoint(), signposts }
    }

    async fn signpost(&self, uri: Uri) -> Option<Signpost> {
        let response = self.signposts.call(Request::builder().uri(uri).finish()).await.ok()?;
        response.data::<Signpost>().cloned()
    }

    async fn explain(&self, error: poem::Error, uri: Uri) -> poem::Error {
        if error.is::<MethodNotAllowedError>() {
            let problem = Problem::new(ErrorCode::MethodNotAllowed);
            return match self.signpost(uri).await {
                Some(signpost) => problem.allow(signpost.methods).into(),
                None => problem.into(),
            };
        }
        if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
            return Problem::field(FieldError::new(*name, rule(reason))).into();
        }
        if let Some(ParsePathError { name, reason }) = error.downcast_ref() {
            let signpost = self.signpost(uri).await;
            // poem-openapi knows a path's parameters by number: `param0`, `param1`.
            let number = name.strip_prefix("param").and_then(|number| number.parse::<usize>().ok());
            let name = signpost.zip(number).and_then(|(it, number)| it.parameters.get(number).cloned());
            let name = name.unwrap_or_else(|| "path".to_owned());
            return Problem::field(FieldError::new(name, rule(reason))).into();
        }
        error
    }
}

impl Signpost {
    fn new(path: &str, operations: &[MetaOperation]) -> Self {
        let mut names: Vec<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
        if names.contains(&Method::GET.as_str()) {
            names.push("HEAD");
        }
        let parameters = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        Self {
            methods: HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("")),
            parameters: parameters.map(ToOwned::to_owned).collect(),
            queries: Arc::new(Queries::of(operations)),
        }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Signposted<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let uri = request.uri().clone();
        // Most requests have no query, and nothing to look up.
        if uri.query().is_some_and(|query| !query.is_empty())
            && let Some(signpost) = self.signpost(uri.clone()).await
        {
            signpost.queries.check(&request)?;
        }
        match self.inner.call(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.explain(error, uri).await),
        }
    }
}

/// poem-openapi puts `failed to parse "TYPE": ` before a rule and where it was met behind it.
fn rule(reason: &str) -> String {
    let rule = reason.split_once("\": ").map_or(reason, |(_, rule)| rule);
    rule.split(" (occurred while parsing").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_what_is_left_without_the_types_name() {
        assert_eq!(rule("failed to parse \"integer_limit\": must be from 1 to 200"), "must be from 1 to 200");
        assert_eq!(
            rule("Type \"string_uuid\" expects an input value."),
            "Type \"string_uuid\" expects an input value."
        );
        assert_eq!(rule("failed to parse \"a\": bad (occurred while parsing \"b\")"), "bad");
    }

    #[test]
    fn a_signpost_names_methods_and_parameters() {
        let operations = [query::operation(Method::GET, &[]), query::operation(Method::PUT, &[])];
        let signpost = Signpost::new("/v1/rooms/{room}/members/{user}", &operations);
        assert_eq!(signpost.methods, "GET, PUT, HEAD");
        assert_eq!(*signpost.parameters, ["room".to_owned(), "user".to_owned()]);
    }
}
