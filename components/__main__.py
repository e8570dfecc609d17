"""The component package of orgkey, as `pulumi package add` takes it from a folder or a repository."""

from orgkey.components.host import main

if __name__ == "__main__":
    main()
