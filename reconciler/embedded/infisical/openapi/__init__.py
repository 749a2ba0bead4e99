"""The OpenAPI document of the API, which tests check the real answers against."""
