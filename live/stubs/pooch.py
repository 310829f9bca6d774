"""Nothing is downloaded in the browser; the package imports this at its top for now."""


def get_logger():
    """Say that nothing is downloaded."""
    raise ConnectionError("nothing is downloaded in the browser")


create = get_logger
HTTPDownloader = get_logger
