"""The pages of deploy/alerts and deploy/dashboards."""
