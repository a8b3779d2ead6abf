"""The `kirdi` command's way in, also `python -m streamer`: loads the command line and runs it."""

from streamer.loading import loading


def main() -> None:
    """Run the command line; loading it takes tenths of a second, and may be interrupted."""
    with loading():
        from streamer.cli import main as run

        # Within, so that there is no moment without a handler: it begins with its own.
        run()


if __name__ == "__main__":
    main()
