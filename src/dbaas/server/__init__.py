"""HTTP faces for the machinery around us: metrics and health."""
