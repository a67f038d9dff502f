"""``manage.py evaluate``: a history from a file, or this shop's own log, answered by the pipeline that serves."""
