#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod document;
mod door;
mod framing;
mod limits;
mod once;
mod operations;
mod page;
mod problem;
mod routes;
mod shapes;
mod signposts;
mod tutorial;
mod upload;
mod wafer;

pub use framing::{Cors, CorsEndpoint, Origins, framed};
pub use limits::ApiLimits;
pub use problem::status_of;
pub use routes::{ApiParts, openapi_json, routes};
